#!/bin/sh
# Makes relay.bpf, the instructions that the bridge loads, from relay.bpf.c. Needs clang and llvm 14 (Debian: clang-14, llvm-14), of which a test expects
# the very same bytes; another release may write others that do the same.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-14}
objcopy=${OBJCOPY:-llvm-objcopy-14}
object=$(mktemp)
trap 'rm -f "$object"' EXIT
"$clang" -O2 -target bpf -mcpu=v3 -Wall -Werror -c relay.bpf.c -o "$object"
"$objcopy" -O binary --only-section=tcx "$object" relay.bpf
