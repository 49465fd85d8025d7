import gc, warnings
async def f(): pass
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    f()
    gc.collect()
print([str(w.message) for w in caught])  # expect: ["coroutine 'f' was never awaited"]
