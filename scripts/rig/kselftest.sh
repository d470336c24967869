# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Runs kselftests in a guest, for kselftest.py.

# ksft_parts NAME: the results of a program's parts, from the KTAP that it wrote.
ksft_parts() {
	awk -v program="$1" '/^(not )?ok [0-9]/ {
		result = /# *SKIP/ ? "skip" : /^ok/ ? "pass" : "fail"
		sub(/^(not )?ok [0-9]+ *-* */, "")
		sub(/ *#.*/, "")
		gsub(/[^!-~]+/, "_")
		print "KSFT " program "/" $0, result
	}' /tmp/ksft.log
}

# ksft SECONDS COLLECTION TEST [ARGUMENT...]: run one test and print its result; unless it passed, first the tail of what
# it said and how its parts did. Whatever it leaves behind ends with it.
ksft() {
	_limit=$1 _collection=$2 _test=$3
	shift 3
	cd "/ksft/$_collection" || return
	_begin=$(cut -d . -f 1 /proc/uptime)
	setsid timeout -s KILL "$_limit" "./$_test" "$@" </dev/null >/tmp/ksft.log 2>&1 &
	wait $!
	_status=$?
	kill -KILL -- "-$!" 2>/dev/null
	_took=$(($(cut -d . -f 1 /proc/uptime) - _begin))
	case $_status in
	0) _result=pass ;;
	4) _result=skip ;;
	137) if [ "$_took" -ge "$_limit" ]; then _result=timeout; else _result=fail; fi ;;
	*) _result=fail ;;
	esac
	[ $_result = pass ] || tail -n 15 /tmp/ksft.log | tr -cd '\11\12\40-\176' | sed "s|^|# $_test: |"
	echo
	[ $_result = pass ] || ksft_parts "$_collection:$_test"
	echo "KSFT $_collection:$_test $_result ${_took}s"
}
