#!/bin/sh
# in_coreutils.sh OUT [TEST...] - coreutils' own tests, as an ordinary user runs them, of the coreutils that is built in
# the same directory.  The outcomes are ok, skipped, fail, xfail, xpass and error.
out=$1
shift
cp -a /usr/src/suites/coreutils "$HOME/coreutils" && cd "$HOME/coreutils" || exit
timeout --foreground -k 10 3600 make -s -k check-TESTS TESTS="${*:-\$(all_tests)}" >/dev/null 2>&1
find tests -name '*.trs' | while read -r result; do
	said=$(sed -n 's/^:global-test-result: //p' "$result" | tr '[:upper:]' '[:lower:]')
	case $said in
	pass) said=ok ;;
	skip) said=skipped ;;
	*) cat "${result%.trs}.log" >>"$out.log" ;;
	esac
	for file in "${result%.trs}".sh "${result%.trs}".pl "${result%.trs}".xpl; do
		[ ! -e "$file" ] || printf '%s\t%s\n' "$said" "$file" >>"$out"
	done
done
