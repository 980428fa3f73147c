# Fish completion for all commands of the suite.  The commands themselves know what
# a word may become, and print it with --complete; cmd/complete.h says how.

function __skel_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    set -l all (commandline -o)
    # The words after that under the cursor.
    set -l after
    set -l next (math (count $before) + 1)
    test -z "$word"; or set next (math $next + 1)
    test $next -le (count $all); and set after $all[$next..-1]
    for line in ($before[1] --complete=(math (count $before) - 1) -- $before[2..-1] "$word" $after 2>/dev/null </dev/null)
        set -l part (string split ' ' -- $line)
        switch $line
            case +nospace
            case '+files *'
                set -l from $part[2]
                set -l patterns $part[3..-1]
                set -l head (string sub -l $from -- $word)
                for file in (__fish_complete_path (string sub -s (math $from + 1) -- $word))
                    set -l name (string split \t -- $file)[1]
                    set -l fits (test -z "$patterns[1]"; and echo yes)
                    string match -q '*/' -- $name; and set fits yes
                    for pattern in $patterns
                        string match -q -- $pattern $name; and set fits yes
                    end
                    test -z "$fits"; or echo -- $head$name
                end
            case '+dirs *'
                set -l from $part[2]
                set -l head (string sub -l $from -- $word)
                for dir in (__fish_complete_directories (string sub -s (math $from + 1) -- $word))
                    echo -- $head$dir
                end
            case '*'
                echo -- $line
        end
    end
end

for command in skel-args skel-count skel-fmt skel-grep skel-load skel-merge skel-pack skel-poll skel-split skel-tail
    complete -c $command -f -a '(__skel_complete)'
end
