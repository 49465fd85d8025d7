import contextvars
v = contextvars.ContextVar("v", default="d")
tok = v.set("new"); print(v.get()); v.reset(tok); print(v.get())
# expect: new
# expect: d
ctx = contextvars.copy_context(); ctx.run(v.set, "inner"); print(ctx[v], v.get())  # expect: inner d
