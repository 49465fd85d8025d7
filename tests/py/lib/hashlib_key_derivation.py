# PBKDF2, scrypt and HMAC as libraries for passwords use them.
import hashlib
import hmac

key = hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1000, dklen=40)
print(key.hex())  # expect: 632c2812e46d4604102ba7618e9d6d7d2f8128f6266b4a03264d2a0460b7dcb388b3b1131f741bcb
print(hashlib.scrypt(b"", salt=b"", n=16, r=1, p=1).hex()[:16])  # expect: 77d6576238657b20
print(hmac.digest(b"key", b"msg", "sha3_256").hex()[:16])  # expect: 56b616feab81d996
print(hmac.new(b"k" * 200, b"msg", "blake2b").hexdigest()[:16])  # expect: 98de2352941a1767
print(hashlib.new("ripemd160", b"abc").hexdigest())  # expect: 8eb208f7e05d987a9b044a8e98c6b087f15a0bfc

for call in (
    lambda: hashlib.pbkdf2_hmac("sha256", b"p", b"s", 0),
    lambda: hashlib.pbkdf2_hmac("sha256", "p", b"s", 1),
    lambda: hashlib.scrypt(b"p", salt=b"s", n=15, r=8, p=1),
    lambda: hashlib.scrypt(b"p", salt=b"s", n=16, r=0, p=1),
):
    try:
        call()
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
# expect: ValueError iteration value must be greater than 0.
# expect: TypeError a bytes-like object is required, not 'str'
# expect: ValueError n must be a power of 2.
# expect: ValueError Invalid parameter combination for n, r, p, maxmem.
