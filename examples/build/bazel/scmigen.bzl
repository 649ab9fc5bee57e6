"""scmigen_board: the outputs of a board as one folder. Needs scmigen in PATH, and no network."""

def _impl(ctx):
    output = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add("build")
    arguments.add(ctx.file.board)
    arguments.add_all(ctx.files.overlays)
    arguments.add_all(ctx.files.agents, before_each = "-a")
    arguments.add_all(ctx.attr.includes, before_each = "-I")
    arguments.add_all(ctx.attr.defines, before_each = "-D")
    if ctx.file.ids:
        # The sandbox is there to keep actions from writing to sources.
        arguments.add("--ids", ctx.file.ids)
        arguments.add("--locked")
    if ctx.attr.emit:
        arguments.add_joined("--emit", ctx.attr.emit, join_with = ",")
    arguments.add_all([output], before_each = "-o", expand_directories = False)
    ctx.actions.run(
        executable = "scmigen",
        arguments = [arguments],
        inputs = [ctx.file.board] + ctx.files.overlays + ctx.files.agents + ctx.files.srcs +
                 ([ctx.file.ids] if ctx.file.ids else []),
        outputs = [output],
        use_default_shell_env = True,
        mnemonic = "Scmigen",
        progress_message = "scmigen %s" % ctx.label,
    )
    return [DefaultInfo(files = depset([output]))]

scmigen_board = rule(
    implementation = _impl,
    attrs = {
        "board": attr.label(allow_single_file = [".dts", ".dtb"], mandatory = True),
        "srcs": attr.label_list(allow_files = True, doc = "All that the board includes."),
        "overlays": attr.label_list(allow_files = True),
        "agents": attr.label_list(allow_files = True),
        "ids": attr.label(allow_single_file = True, doc = "The lock file; it is never changed."),
        "includes": attr.string_list(doc = "Folders, relative to the workspace."),
        "defines": attr.string_list(),
        "emit": attr.string_list(),
    },
)
