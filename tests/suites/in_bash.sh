#!/bin/sh
# in_bash.sh OUT [TEST...] - bash's own tests, of the machine's bash.  The outcome is ok, or how many lines differ from
# those that the tests expect, and a checksum of these, their numbers apart.
out=$1
shift
cp -r /usr/src/suites/bash/tests "$HOME/bash" && cd "$HOME/bash" || exit
# as in run-all
PATH=.:$PATH THIS_SH=/bin/bash BASH_TSTOUT=$HOME/bash/said BUILD_DIR=$HOME/bash TMPDIR=/tmp
export PATH THIS_SH BASH_TSTOUT BUILD_DIR TMPDIR
unset BASH_ENV ENV
[ $# != 0 ] || set -- $(ls run-* | grep -vE '^run-(all|minimal|gprof)$|~$')
for unit; do
	timeout --foreground -k 10 600 sh "./$unit" >differs 2>&1
	status=$?
	{ echo "--- $unit: $status"; cat differs; } >>"$out.log"
	case $status in
	0) echo "ok	$unit" ;;
	*) echo "differs:$(grep -c '^[<>]' differs):$(tr -d 0-9 <differs | cksum | cut -d ' ' -f 1)	$unit" ;;
	esac >>"$out"
done
