/** Makes the random end of an object's name. */
import { randomInt } from 'node:crypto';

/** Without vowels, and without characters that look alike, as the API server does (apimachinery, util/rand). */
const CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789';
const LENGTH = 5;

export function newSuffix(): string {
  return Array.from({ length: LENGTH }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('');
}
