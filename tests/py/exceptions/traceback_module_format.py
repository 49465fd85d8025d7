import traceback
def f(): g()
def g(): raise KeyError("k")
try:
    f()
except KeyError as e:
    print(traceback.format_exc().rstrip())
    print([(s.name, s.lineno) for s in traceback.extract_tb(e.__traceback__)])
    print(traceback.format_exception_only(e))
# expect: Traceback (most recent call last):
# expect:   File "exceptions/traceback_module_format.py", line 5, in <module>
# expect:     f()
# expect:     ~^^
# expect:   File "exceptions/traceback_module_format.py", line 2, in f
# expect:     def f(): g()
# expect:              ~^^
# expect:   File "exceptions/traceback_module_format.py", line 3, in g
# expect:     def g(): raise KeyError("k")
# expect:              ^^^^^^^^^^^^^^^^^^^
# expect: KeyError: 'k'
# expect: [('<module>', 5), ('f', 2), ('g', 3)]
# expect: ["KeyError: 'k'\n"]
