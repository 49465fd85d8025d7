//! CPython's token stream, for `_tokenize`.
