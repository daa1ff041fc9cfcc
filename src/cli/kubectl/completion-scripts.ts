/** The scripts that complete the plugin's command line. Each asks the plugin itself (complete.ts). Pure. */

export const SHELLS = ['bash', 'zsh', 'fish', 'kubectl'] as const;

/** Works in bash 3.2, which macOS has, without the package bash-completion. */
const BASH = `# bash completion for kubectl-stasis. Put this into ~/.bashrc:
#   source <(kubectl-stasis completion bash)

__kubectl_stasis() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" word="" line="" glue="" strip="" quote="" directive=0 at
  local -a words
  words=()
  COMPREPLY=()
  # bash cuts words at "=" and ":", which the plugin wants whole.
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [[ $word == -- && at -lt COMP_CWORD ]]; then
      if declare -F _command_offset > /dev/null; then _command_offset $((at + 1)); return; fi
      if ((at + 1 == COMP_CWORD)); then
        while IFS= read -r line; do
          printf -v line %q "$line"
          COMPREPLY[\${#COMPREPLY[@]}]=$line
        done < <(compgen -c -- "$cur")
        return
      fi
    fi
    if [[ ($word == "=" || $word == ":") && \${#words[@]} -gt 0 ]]; then
      words[\${#words[@]}-1]+=$word
      glue=1
    elif [[ -n $glue ]]; then
      words[\${#words[@]}-1]+=$word
      glue=""
    else
      words[\${#words[@]}]=$word
    fi
  done
  word="\${words[\${#words[@]}-1]}"
  if [[ $cur == "=" || $cur == ":" ]]; then strip=$word; cur=""; else strip="\${word%"$cur"}"; fi
  while IFS= read -r line; do
    case $line in
    :[0-9]*) directive=\${line#:} ;;
    ?*)
      line="\${line%%$'\\t'*}"
      COMPREPLY[\${#COMPREPLY[@]}]="\${line#"$strip"}"
      ;;
    esac
  done < <(kubectl-stasis __complete "\${words[@]}" 2> /dev/null)
  ((directive & 2)) && compopt -o nospace 2> /dev/null
  if ((\${#COMPREPLY[@]} == 0 && (directive & 4) == 0)); then
    # bash quotes the names itself where it knows that they are those of files, which bash 3.2 cannot be told.
    quote=1
    compopt -o filenames 2> /dev/null && quote=
    while IFS= read -r line; do
      [[ -n $quote ]] && printf -v line %q "$line"
      COMPREPLY[\${#COMPREPLY[@]}]=$line
    done < <(compgen -f -- "$cur")
  fi
}

complete -F __kubectl_stasis kubectl-stasis
`;

const ZSH = `#compdef kubectl-stasis
# zsh completion for kubectl-stasis. Put this into ~/.zshrc, below compinit:
#   source <(kubectl-stasis completion zsh)
# or the file into a folder of $fpath, as _kubectl-stasis.

_kubectl-stasis() {
  local line candidate about directive=0 dashes
  local -a candidates nospace
  dashes=\${words[(i)--]}
  if ((dashes < CURRENT)); then
    shift $dashes words
    ((CURRENT -= dashes))
    _normal
    return
  fi
  while IFS= read -r line; do
    if [[ $line == :<-> ]]; then
      directive=\${line#:}
    elif [[ -n $line ]]; then
      candidate=\${line%%$'\\t'*}
      about=
      [[ $line == *$'\\t'* ]] && about=\${line#*$'\\t'}
      candidates+=("\${candidate//:/\\\\:}\${about:+:$about}")
    fi
  done < <(kubectl-stasis __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2> /dev/null)
  if (($#candidates)); then
    ((directive & 2)) && nospace=(-S '')
    _describe -V stasis candidates $nospace
  elif (((directive & 4) == 0)); then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    _files
  fi
}

# The file is the function itself where zsh loads it from $fpath.
if [[ $funcstack[1] == _kubectl-stasis ]]; then
  _kubectl-stasis "$@"
else
  compdef _kubectl-stasis kubectl-stasis
fi
`;

const FISH = `# fish completion for kubectl-stasis. Put this into ~/.config/fish/completions/kubectl-stasis.fish:
#   kubectl-stasis completion fish > ~/.config/fish/completions/kubectl-stasis.fish

function __kubectl_stasis_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -gt 0; or set current ''
    set -l dashes (contains -i -- -- $words)
    if test -n "$dashes"
        set -l rest $words[(math $dashes + 1)..-1]
        complete -C (string join ' ' -- (string escape -- $rest) "$current")
        return
    end
    set -l candidates
    set -l directive 0
    for line in (kubectl-stasis __complete $words[2..-1] "$current" 2> /dev/null)
        if string match -qr '^:[0-9]+$' -- $line
            set directive (string sub -s 2 -- $line)
        else if test -n "$line"
            set -a candidates $line
        end
    end
    if test (count $candidates) -gt 0
        printf '%s\\n' $candidates
    else if test (math "bitand($directive, 4)") -eq 0
        set -l before (string match -r '^--[^=]+=' -- "$current")
        for file in (__fish_complete_path (string replace -r '^--[^=]+=' '' -- "$current"))
            printf '%s\\n' "$before$file"
        end
    end
end

complete -c kubectl-stasis -f -a '(__kubectl_stasis_complete)'
`;

const KUBECTL = `#!/bin/sh
# Save this as kubectl_complete-stasis in a folder of the PATH, and make it executable: kubectl runs it to complete.
exec kubectl-stasis __complete "$@"
`;

export const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  kubectl: KUBECTL,
};
