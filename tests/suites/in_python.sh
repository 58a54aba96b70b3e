#!/bin/sh
# in_python.sh OUT [TEST...] - CPython's tests of what has to do with processes, terminals, users and files; a TEST is
# FILE or FILE:NAME.  The outcomes are ok, skipped, failure and error, and the status of a FILE that ends on the way.
out=$1
shift
[ $# != 0 ] || set -- test_os test_subprocess test_pty test_signal test_socket test_posix test_shutil test_tempfile test_threading \
	test_grp test_pwd test_multiprocessing_fork test_multiprocessing_forkserver test_multiprocessing_main_handling \
	test_multiprocessing_spawn test_asyncio
mkdir python
cd python || exit
for unit; do
	file=${unit%%:*}
	rm -f junit
	case $unit in
	*:*) timeout --foreground -k 10 1800 python3 -m test --timeout 900 --junit-xml junit -m "${unit#*:}" "$file" ;;
	*) timeout --foreground -k 10 1800 python3 -m test --timeout 900 --junit-xml junit "$file" ;;
	esac >>"$out.log" 2>&1
	status=$?
	# 2: a test fails, 4: there is nothing to run
	case $status in 0 | 2 | 4) ;; *) printf 'status %s\t%s\n' $status "$file" >>"$out" ;; esac
	[ ! -s junit ] || python3 - "$file" >>"$out" <<-'END'
		import collections, sys, xml.etree.ElementTree
		seen = collections.Counter()
		for case in xml.etree.ElementTree.parse('junit').iter('testcase'):
		    name = case.get('name')
		    if not name: # a test of which only subtests fail: as if it had not run
		        continue
		    seen[name] += 1
		    outcome = ([child.tag for child in case if child.tag in ('skipped', 'failure', 'error')] or ['ok'])[0]
		    print(outcome + '\t' + sys.argv[1] + ':' + name + (f' {seen[name]}' if seen[name] > 1 else ''))
	END
done
