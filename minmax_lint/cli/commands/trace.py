"""`minmax-lint trace`: the kept subgraph as a tree, and what hangs outside."""

from argparse import ArgumentParser, Namespace

from minmax_lint.cli import options
from minmax_lint.cli.streams import payload


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_graph(parser)
    options.add_endpoints(parser)
    options.add_configuration(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="constants too, each with what it feeds")


def run(args: Namespace) -> int:
    """Print the tree."""
    from minmax_lint.cli.source import open_named
    from minmax_lint.graph.freeze import freeze_graph
    from minmax_lint.graph.trace import trace
    from minmax_lint.reporters.terminal.tree import print_tree

    source = open_named(args).check_ends()
    graph = freeze_graph(source.model.graph, source.model.variables)
    kept = trace(graph, source.ends.inputs, source.ends.outputs)
    with payload() as out:
        print_tree(out, source.path, kept, everything=args.verbose)
    return 0
