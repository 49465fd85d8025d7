import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(levelname)s:%(name)s:%(message)s", level=logging.INFO)
log = logging.getLogger("app.part")
log.debug("hidden"); log.info("n=%d", 5); log.warning("w")
try:
    1 / 0
except ZeroDivisionError:
    log.error("failed", exc_info=False)
# expect: INFO:app.part:n=5
# expect: WARNING:app.part:w
# expect: ERROR:app.part:failed
