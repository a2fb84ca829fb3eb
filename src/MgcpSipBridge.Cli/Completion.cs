namespace MgcpSipBridge.Cli;

/// <summary>Scripts by which shells ask this program what could be typed next; the program itself answers, so that they never grow old.</summary>
internal static class Completion
{
    /// <summary>The shells.</summary>
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    /// <summary>The script of a shell.</summary>
    public static string Script(string shell) => shell switch
    {
        "bash" => """
            # mgcpsipctl: put this into /etc/bash_completion.d/mgcpsipctl, or: source <(mgcpsipctl completion bash)
            _mgcpsipctl() {
                local line="${COMP_LINE#* }" IFS=$'\n'
                local point=$((COMP_POINT - (${#COMP_LINE} - ${#line})))
                COMPREPLY=($(compgen -W "$(mgcpsipctl "[suggest:$point]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _mgcpsipctl mgcpsipctl

            """,
        "zsh" => """
            #compdef mgcpsipctl
            # mgcpsipctl: put this into a file _mgcpsipctl of $fpath, or: source <(mgcpsipctl completion zsh)
            _mgcpsipctl() {
                local line="${BUFFER#* }"
                local point=$((CURSOR - (${#BUFFER} - ${#line})))
                local -a suggestions
                suggestions=(${(f)"$(mgcpsipctl "[suggest:$point]" "$line" 2>/dev/null)"})
                compadd -a suggestions || _files
            }
            compdef _mgcpsipctl mgcpsipctl

            """,
        _ => """
            # mgcpsipctl: put this into ~/.config/fish/completions/mgcpsipctl.fish
            function __mgcpsipctl
                set -l line (string replace -r '^\S+\s' '' -- (commandline -cp))
                mgcpsipctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c mgcpsipctl -a '(__mgcpsipctl)'

            """,
    };
}
