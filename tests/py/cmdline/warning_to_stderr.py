# full-stderr
import warnings
warnings.warn("careful")
# expect-stderr: cmdline/warning_to_stderr.py:3: UserWarning: careful
# expect-stderr:   warnings.warn("careful")
# exit: 0
