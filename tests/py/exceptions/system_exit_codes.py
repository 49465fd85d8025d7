import sys
print("before")  # expect: before
sys.exit(3)
# exit: 3
