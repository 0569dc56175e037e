# SPDX-License-Identifier: MIT
# Completion of assay for fish: asks `assay complete` for the candidates.

function __assay_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c assay -f -a '(__assay_complete)'
