from .. import exported as SIBLING
VALUE = 7
