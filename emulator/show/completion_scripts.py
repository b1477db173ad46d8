"""The scripts by which shells complete `emu`. Each asks `emu __complete` for `WORD<TAB>what it is` on lines of their
own; `:files` and `:folders` leave it to the shell."""

_BASH = r"""# bash completion for emu: source it, or keep it as ~/.local/share/bash-completion/completions/emu
_emu() {
    local line="${COMP_LINE:0:COMP_POINT}" current="" quote="" begun="" prefix path answer word character i
    local -a words=()
    # The words as the shell will read them, quotes and backslashes understood; nothing of them is run.
    for ((i = 0; i < ${#line}; i++)); do
        character="${line:i:1}"
        if [[ $character == "$quote" ]]; then
            quote=""
        elif [[ $quote != "'" && $character == \\ ]]; then
            ((i += 1))
            current+="${line:i:1}" begun=1
        elif [[ -n $quote ]]; then
            current+="$character"
        elif [[ $character == [\"\'] ]]; then
            quote="$character" begun=1
        elif [[ $character == [[:space:]] ]]; then
            [[ -n $begun ]] && words+=("$current")
            current="" begun=""
        else
            current+="$character" begun=1
        fi
    done
    words+=("$current")
    # What readline takes for a word of its own ends at = and :, so what stands before is typed already.
    prefix="" path="${current##*=}"
    [[ -n $quote ]] || prefix="${current%"${current##*[=:]}"}"
    COMPREPLY=()
    answer="$("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)" || return 0
    while IFS=$'\t' read -r word _; do
        case "$word" in
            "") ;;
            :files | :folders)
                compopt -o filenames
                [[ $word == :files ]] && character=-f || character=-d
                [[ -n $quote ]] && prefix="" || prefix="${path%"${path##*:}"}"
                while IFS= read -r word; do
                    COMPREPLY+=("${word#"$prefix"}")
                done < <(compgen "$character" -- "$path")
                ;;
            *)
                [[ $word == *= ]] && compopt -o nospace
                word="${word#"$prefix"}"
                [[ -n $quote || -z $word ]] || printf -v word %q "$word"
                COMPREPLY+=("$word")
                ;;
        esac
    done <<<"$answer"
    return 0
}
complete -F _emu emu
"""

_ZSH = r"""#compdef emu
# zsh completion for emu: keep it as _emu in a folder of fpath, or source it after compinit.
_emu() {
    local line word about
    local -a plain open
    local -a before=("${(@Q)words[2,CURRENT - 1]}")
    for line in "${(@f)$("${words[1]}" __complete -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        word="${line%%$'\t'*}" about="${line#*$'\t'}"
        about="${about:+:$about}"
        case "$word" in
            "") ;;
            :files) compset -P '*='; _files ;;
            :folders) compset -P '*='; _files -/ ;;
            *=) open+=("${word//:/\\:}$about") ;;
            *) plain+=("${word//:/\\:}$about") ;;
        esac
    done
    (( $#plain )) && _describe -t words 'emu' plain
    (( $#open )) && _describe -t words 'emu' open -S ''
    return 0
}
if [[ $funcstack[1] == _emu ]]; then _emu "$@"; else compdef _emu emu; fi
"""

_FISH = r"""# fish completion for emu: keep it as ~/.config/fish/completions/emu.fish
function __emu_complete
    set -l current (string unescape -- (commandline -ct))
    set -l words (commandline -opc) "$current"
    set -l path (string replace -r '^.*=' '' -- $words[-1])
    set -l prefix (string match -r '^.*=' -- $words[-1])
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case ':files*'
                printf '%s\n' "$prefix"(__fish_complete_path $path)
            case ':folders*'
                printf '%s\n' "$prefix"(__fish_complete_directories $path)
            case '*'
                echo $line
        end
    end
end
complete -c emu -f -a '(__emu_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
