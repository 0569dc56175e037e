# SPDX-License-Identifier: MIT
# Completion of assay for bash: asks `assay complete` for the candidates.
# shellcheck shell=bash

_assay()
{
	# bash splits words at ':' and '=' as well; names of cases and --name=value hold both.
	local line=${COMP_LINE:0:COMP_POINT} words candidate rest
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	local word=${words[-1]} kept=''
	case $COMP_WORDBREAKS in *:*) kept=${word%"${word##*[:=]}"} ;; esac
	COMPREPLY=()
	while IFS=$'\t' read -r candidate rest; do
		if [[ $candidate == :files ]]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r rest; do
				COMPREPLY+=("$rest")
			done < <(compgen -f -- "${word#"$kept"}")
			continue
		fi
		[[ $candidate == *= ]] && compopt -o nospace 2>/dev/null
		rest=${candidate#"$kept"}
		# What is completed is a word of a command line, whatever a store holds: quoted.
		[[ $rest == *[!A-Za-z0-9_/:.,=@%+-]* ]] && printf -v rest %q "$rest"
		COMPREPLY+=("$rest")
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _assay assay
