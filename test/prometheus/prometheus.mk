# The tests of the alert rules, by Prometheus's own promtool. Included by the Makefile.
.PHONY: test-alerts

PROMTOOL := build/prometheus/promtool

STEPS.test-alerts := tools prometheus alerts
test-alerts: requirements ## The tests of the alert rules: that each alert fires when it must, and is silent otherwise
	@sh test/prometheus/fetch.sh > /dev/null
	@$(STEP) alerts
	$(PROMTOOL) check rules --lint=all --lint-fatal deploy/alerts/*.rules.yaml
	$(PROMTOOL) test rules deploy/alerts/tests/*.yaml
