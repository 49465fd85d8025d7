import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    compile("def f():\n try: pass\n finally: return 1", "<s>", "exec")
    compile("for x in []:\n try: pass\n finally: break", "<s>", "exec")
    compile("for x in []:\n try: pass\n finally: continue", "<s>", "exec")
    compile("def f():\n try: pass\n finally:\n  for x in []: break", "<s>", "exec")
for w in caught:
    print(w.category.__name__, w.message, w.lineno)
    # expect: SyntaxWarning 'return' in a 'finally' block 3
    # expect: SyntaxWarning 'break' in a 'finally' block 3
    # expect: SyntaxWarning 'continue' in a 'finally' block 3
