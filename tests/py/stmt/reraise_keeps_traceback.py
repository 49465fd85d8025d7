import traceback
def f(): raise ValueError("deep")
try:
    try:
        f()
    except ValueError:
        raise
except ValueError as e:
    print(len(traceback.extract_tb(e.__traceback__)))  # expect: 2
