# options: -OO
"""module"""
def f():
    """doc"""
print(__doc__, f.__doc__, __debug__)
# expect: None None False
