"""Numbers of things in words: 1 input, 2 inputs."""


def counted(count: int, thing: str, things: str = "") -> str:
    return f"{count} {thing if count == 1 else things or f'{thing}s'}"
