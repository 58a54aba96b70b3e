# Completion of nsisolatectl(8) for bash.  Commands and options are taken from the program's own usage; the
# shell never expands any word: others choose the names of users and sessions.

# Those of the lines on standard input that begin with $cur
_nsisolatectl_offer() {
	local word
	while IFS= read -r word; do
		[[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
	done
}

_nsisolatectl_sessions() { "$1" list 2>/dev/null | awk '$1 ~ /\/[0-9]+$/ { print $1 }'; }

# What can stand where the usage has this word
_nsisolatectl_offer_kind() { # _nsisolatectl_offer_kind PROGRAM KIND
	case $2 in
	SESSION*) _nsisolatectl_offer < <(_nsisolatectl_sessions "$1") ;;
	USER) _nsisolatectl_offer < <(compgen -u) ;;
	FILE)
		_nsisolatectl_offer < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		;;
	S) _nsisolatectl_offer < <(ls /etc/pam.d 2>/dev/null; echo nsisolate-shell) ;;
	SERVICE*) _nsisolatectl_offer < <(ls /etc/pam.d /usr/lib/pam.d /usr/etc/pam.d 2>/dev/null |
		grep -v '^/' | sort -u) ;;
	GROUP) _nsisolatectl_offer < <(compgen -g) ;;
	T) _nsisolatectl_offer < <(cd /dev 2>/dev/null && ls -d tty[0-9]* pts/[0-9]* 2>/dev/null) ;;
	esac
}

_nsisolatectl() {
	local program=$1 cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} usage option i
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_nsisolatectl_offer < <("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\).*/\1/p'
			printf '%s\n' --help --version)
		return
	fi
	# "[--json] [--from ADDRESS] USER"
	usage=$("$program" --help 2>/dev/null | sed -n "s/^  ${command//[!a-z]/} //p")
	[ -n "$usage" ] || return
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then # the start of a command line
			[ $((i + 1)) = "$COMP_CWORD" ] && _nsisolatectl_offer < <(compgen -c | sort -u)
			compopt -o default 2>/dev/null
			return
		fi
	done
	# the value of an option; bash splits --option=value into three words
	option=${COMP_WORDS[COMP_CWORD - 1]}
	[ "$cur" != = ] || cur=
	[ "$option" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}
	case $option in
	--*)
		if [[ $usage =~ (^|[\[\| ])$option\ ([A-Z]+) ]]; then
			_nsisolatectl_offer_kind "$program" "${BASH_REMATCH[2]}"
			return
		fi
		;;
	esac
	if [[ $cur = -* ]]; then
		_nsisolatectl_offer < <(grep -oE -e '--[a-z-]*' <<<"$usage" | sort -u)
		return
	fi
	# options that the usage lists on their own
	usage=$(sed -E 's/--[a-z-]+ [A-Z]+//g; s/-- .*//; s/--[a-z-]+//g; s/[^A-Z ]//g' <<<"$usage")
	# shellcheck disable=SC2086 # words
	set -- $usage
	[ $# = 0 ] || _nsisolatectl_offer_kind "$program" "$1"
}
complete -F _nsisolatectl nsisolatectl
