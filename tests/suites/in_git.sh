#!/bin/sh
# in_git.sh OUT [TEST...] - git's own tests t0* (basics, processes, signals), t5* (transport, daemons) and t7* (work trees,
# pagers), of the git that is built in the same directory.  A TEST is SCRIPT or SCRIPT:NUMBER, which runs the whole script.
# The outcomes are ok, skipped, fail, and known (to its authors); and the status of a SCRIPT that ends on the way.
out=$1
shift
cp -a /usr/src/suites/git "$HOME/git" && cd "$HOME/git/t" || exit
[ $# != 0 ] || set -- t0*.sh t5*.sh t7*.sh
export GIT_TEST_CHAIN_LINT=0
for script in $(printf '%s\n' "$@" | sed 's/:.*//' | sort -u); do
	timeout --foreground -k 10 900 sh "$script" </dev/null >said 2>&1
	status=$?
	grep -q '^1\.\.' said || printf 'status %s\t%s\n' $status "$script" >>"$out"
	sed -n "s/^ok \([0-9]*\) # skip.*/skipped	$script:\1/p; t
		s/^ok \([0-9]*\) .*/ok	$script:\1/p; t
		s/^not ok \([0-9]*\) .* known breakage$/known	$script:\1/p; t
		s/^not ok \([0-9]*\) .*/fail	$script:\1/p" said >>"$out"
	! grep -q '^not ok' said || cat said >>"$out.log"
	rm -rf 'trash directory'.*
done
