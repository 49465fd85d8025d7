# full-stderr
def low():
    {}["missing"]

def high():
    try:
        low()
    except KeyError as e:
        raise ValueError("high") from e

try:
    high()
except ValueError:
    raise RuntimeError("while handling")
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_cause_and_context.py", line 7, in high
# expect-stderr:     low()
# expect-stderr:     ~~~^^
# expect-stderr:   File "exceptions/traceback_cause_and_context.py", line 3, in low
# expect-stderr:     {}["missing"]
# expect-stderr:     ~~^^^^^^^^^^^
# expect-stderr: KeyError: 'missing'
# expect-stderr:
# expect-stderr: The above exception was the direct cause of the following exception:
# expect-stderr:
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_cause_and_context.py", line 12, in <module>
# expect-stderr:     high()
# expect-stderr:     ~~~~^^
# expect-stderr:   File "exceptions/traceback_cause_and_context.py", line 9, in high
# expect-stderr:     raise ValueError("high") from e
# expect-stderr: ValueError: high
# expect-stderr:
# expect-stderr: During handling of the above exception, another exception occurred:
# expect-stderr:
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_cause_and_context.py", line 14, in <module>
# expect-stderr:     raise RuntimeError("while handling")
# expect-stderr: RuntimeError: while handling
