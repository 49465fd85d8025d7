# full-stderr
e = ValueError("main")
e.add_note("first note")
e.add_note("second\nnote")
raise e
# expect-stderr: Traceback (most recent call last):
# expect-stderr:   File "exceptions/traceback_notes.py", line 5, in <module>
# expect-stderr:     raise e
# expect-stderr: ValueError: main
# expect-stderr: first note
# expect-stderr: second
# expect-stderr: note
