using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>Which of all are listed, and in which order; all of them, by name, when nothing is said.</summary>
/// <param name="Filter">As AIP-160 has it: <c>state = DOWN AND gateway = "vg224"</c>.</param>
/// <param name="OrderBy">Fields, each with <c>desc</c> or without: <c>state desc, number</c>.</param>
internal sealed record ListWish(string Filter, string OrderBy)
{
    /// <summary>All, by name.</summary>
    public static ListWish All { get; } = new("", "");

    /// <summary>The options that say so.</summary>
    public sealed record Options(Option<string> Filter, Option<string> OrderBy)
    {
        /// <summary>Makes them.</summary>
        /// <param name="example">A filter that makes sense for what is listed.</param>
        public static Options For(string example) => new(
            new Option<string>("--filter") { Description = $"Only those that fit, such as '{example}'", DefaultValueFactory = _ => "" },
            new Option<string>("--order-by") { Description = "In the order of these fields, such as 'state desc'; by name when left out", DefaultValueFactory = _ => "" });

        /// <summary>What was said.</summary>
        public ListWish Read(ParseResult parse) => new(parse.GetRequiredValue(Filter), parse.GetRequiredValue(OrderBy));

        /// <summary>Refuses what goes only with a list: what is followed is all of them.</summary>
        /// <exception cref="UsageException">Something was said.</exception>
        public void OnlyForLists(ParseResult parse)
        {
            if (Read(parse) != All) throw new UsageException("--filter and --order-by go with a list; --watch follows all");
        }
    }
}
