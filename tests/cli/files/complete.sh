# What bash offers for the words given: . complete.sh; offer perpetua ru
source <(perpetua completion bash)
offer() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _perpetua
    echo "${COMPREPLY[@]}"
}
