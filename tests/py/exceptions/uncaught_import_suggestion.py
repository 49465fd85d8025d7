from _module import valeu
# expect-error: ImportError: cannot import name 'valeu' from '_module' (exceptions/_module.py). Did you mean: 'value'?
