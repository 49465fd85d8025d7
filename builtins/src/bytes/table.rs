//! The rows of the methods that bytes and bytearray have in common.

/// A method table: the common rows for a [`super::common::Kind`], then the given ones.
macro_rules! byte_methods {
    ($kind:ty; $($rest:tt)*) => {
        protopy_vm::methods![
            /// Copy of the bytes with the first one in upper case and the rest in lower case (ASCII).
            "capitalize(self, /)" => common::capitalize::<$kind>;
            /// Return a centered copy of length width, padded using the specified fill byte (a space by default).
            "center(self, width, fillchar=<unrepresentable>, /)" => common::center::<$kind>;
            /// Return the number of non-overlapping occurrences of subsection 'sub' in the bytes [start:end].
            ///
            ///   sub
            ///     Bytes, or a byte's value.
            ///   start
            ///     Optional start position. Default: start of the bytes.
            ///   end
            ///     Optional stop position. Default: end of the bytes.
            "count(self, sub, start=None, end=None, /)" => common::count::<$kind>;
            /// Decode the bytes using the codec registered for encoding.
            ///
            ///   encoding
            ///     The encoding with which to decode the bytes.
            ///   errors
            ///     The error handling scheme to use for the handling of decoding errors: 'strict' raises a
            ///     UnicodeDecodeError, 'ignore', 'replace' and any name registered with codecs.register_error do otherwise.
            "decode(self, /, encoding='utf-8', errors='strict')" => common::decode::<$kind>;
            /// Return True if the bytes end with the specified suffix, False otherwise.
            ///
            /// The suffix may be a tuple of bytes to try.
            "endswith(self, suffix, start=None, end=None, /)" => common::endswith::<$kind>;
            /// Return a copy where all tab characters are expanded using spaces.
            "expandtabs(self, /, tabsize=8)" => common::expandtabs::<$kind>;
            /// Return the lowest index where subsection 'sub' is found, such that sub is contained within [start:end].
            ///
            /// Return -1 on failure.
            "find(self, sub, start=None, end=None, /)" => common::find::<$kind>;
            /// Create a str of hexadecimal numbers from the bytes.
            ///
            ///   sep
            ///     An optional single character or byte to separate hex bytes.
            ///   bytes_per_sep
            ///     How many bytes between separators. Positive values count from the right, negative values count from the
            ///     left.
            ///
            /// >>> value = b'\x01\x23\xab'
            /// >>> value.hex()
            /// '0123ab'
            /// >>> value.hex('-')
            /// '01-23-ab'
            /// >>> value.hex('-', -2)
            /// '0123-ab'
            "hex(self, /, sep=<unrepresentable>, bytes_per_sep=1)" => common::hex::<$kind>;
            /// Return the lowest index where subsection 'sub' is found, such that sub is contained within [start:end].
            ///
            /// Raise ValueError if the subsection is not found.
            "index(self, sub, start=None, end=None, /)" => common::index_method::<$kind>;
            /// Return True if all bytes are alphanumeric ASCII characters and there is at least one.
            "isalnum(self, /)" => common::isalnum::<$kind>;
            /// Return True if all bytes are alphabetic ASCII characters and there is at least one.
            "isalpha(self, /)" => common::isalpha::<$kind>;
            /// Return True if there are no bytes or all of them are ASCII.
            "isascii(self, /)" => common::isascii::<$kind>;
            /// Return True if all bytes are ASCII decimal digits and there is at least one.
            "isdigit(self, /)" => common::isdigit::<$kind>;
            /// Return True if there is a lower case ASCII character and no upper case one.
            "islower(self, /)" => common::islower::<$kind>;
            /// Return True if all bytes are ASCII white space and there is at least one.
            "isspace(self, /)" => common::isspace::<$kind>;
            /// Return True if upper case follows uncased bytes only and lower case cased ones only, and there is a cased one.
            "istitle(self, /)" => common::istitle::<$kind>;
            /// Return True if there is an upper case ASCII character and no lower case one.
            "isupper(self, /)" => common::isupper::<$kind>;
            /// Concatenate any number of bytes-like objects, with the bytes whose method is called between them.
            "join(self, iterable_of_bytes, /)" => common::join::<$kind>;
            /// Return a left-justified copy of length width, padded using the specified fill byte (a space by default).
            "ljust(self, width, fillchar=<unrepresentable>, /)" => common::ljust::<$kind>;
            /// Copy of the bytes with all ASCII characters in lower case.
            "lower(self, /)" => common::lower::<$kind>;
            /// Strip leading bytes contained in the argument, ASCII white space if it is omitted or None.
            "lstrip(self, bytes=None, /)" => common::lstrip::<$kind>;
            /// Return a translation table usable for the bytes or bytearray translate method.
            ///
            /// Each byte of frm is mapped to the one at the same position of to.
            static "maketrans(frm, to, /)" => common::maketrans;
            /// Partition the bytes into three parts using the given separator: before it, itself, and after it.
            "partition(self, sep, /)" => common::partition::<$kind>;
            /// Return a copy with the given prefix removed if present.
            "removeprefix(self, prefix, /)" => common::removeprefix::<$kind>;
            /// Return a copy with the given suffix removed if present.
            "removesuffix(self, suffix, /)" => common::removesuffix::<$kind>;
            /// Return a copy with all occurrences of subsection old replaced by new.
            ///
            ///   count
            ///     Maximum number of occurrences to replace. -1 (the default value) means replace all occurrences.
            "replace(self, old, new, count=-1, /)" => common::replace::<$kind>;
            /// Return the highest index where subsection 'sub' is found, such that sub is contained within [start:end].
            ///
            /// Return -1 on failure.
            "rfind(self, sub, start=None, end=None, /)" => common::rfind::<$kind>;
            /// Return the highest index where subsection 'sub' is found, such that sub is contained within [start:end].
            ///
            /// Raise ValueError if the subsection is not found.
            "rindex(self, sub, start=None, end=None, /)" => common::rindex::<$kind>;
            /// Return a right-justified copy of length width, padded using the specified fill byte (a space by default).
            "rjust(self, width, fillchar=<unrepresentable>, /)" => common::rjust::<$kind>;
            /// Partition the bytes into three parts using the given separator, searched from the end.
            "rpartition(self, sep, /)" => common::rpartition::<$kind>;
            /// Return a list of the sections in the bytes, using sep as the delimiter, from the end.
            ///
            ///   sep
            ///     The delimiter; None (the default value) means split on ASCII white space.
            ///   maxsplit
            ///     Maximum number of splits to do. -1 (the default value) means no limit.
            "rsplit(self, /, sep=None, maxsplit=-1)" => common::rsplit::<$kind>;
            /// Strip trailing bytes contained in the argument, ASCII white space if it is omitted or None.
            "rstrip(self, bytes=None, /)" => common::rstrip::<$kind>;
            /// Return a list of the sections in the bytes, using sep as the delimiter.
            ///
            ///   sep
            ///     The delimiter; None (the default value) means split on ASCII white space.
            ///   maxsplit
            ///     Maximum number of splits to do. -1 (the default value) means no limit.
            "split(self, /, sep=None, maxsplit=-1)" => common::split::<$kind>;
            /// Return a list of the lines in the bytes, breaking at line boundaries.
            ///
            /// Line breaks are not included in the resulting list unless keepends is given and true.
            "splitlines(self, /, keepends=False)" => common::splitlines::<$kind>;
            /// Return True if the bytes start with the specified prefix, False otherwise.
            ///
            /// The prefix may be a tuple of bytes to try.
            "startswith(self, prefix, start=None, end=None, /)" => common::startswith::<$kind>;
            /// Strip leading and trailing bytes contained in the argument, ASCII white space if it is omitted or None.
            "strip(self, bytes=None, /)" => common::strip::<$kind>;
            /// Copy of the bytes with upper case ASCII characters converted to lower case and vice versa.
            "swapcase(self, /)" => common::swapcase::<$kind>;
            /// Copy of the bytes with ASCII words in title case.
            "title(self, /)" => common::title::<$kind>;
            /// Return a copy with each byte mapped by the given translation table.
            ///
            ///   table
            ///     Translation table of 256 bytes, or None.
            ///
            /// All bytes occurring in the optional argument delete are removed before.
            "translate(self, table, /, delete=<unrepresentable>)" => common::translate::<$kind>;
            /// Copy of the bytes with all ASCII characters in upper case.
            "upper(self, /)" => common::upper::<$kind>;
            /// Pad numeric bytes with zeros on the left, to fill a field of the given width. They are never truncated.
            "zfill(self, width, /)" => common::zfill::<$kind>;
            $($rest)*
        ]
    };
}

pub(super) use byte_methods;
