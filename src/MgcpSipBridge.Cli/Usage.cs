using System.CommandLine;
using System.CommandLine.Parsing;

namespace MgcpSipBridge.Cli;

/// <summary>What is wrong with a command line, in a line or two: not all the help there is.</summary>
internal static class Usage
{
    private const int MostChanges = 2;

    /// <summary>Says it, with what was perhaps meant, and where more stands.</summary>
    public static async Task ExplainAsync(ParseResult parsed, TextWriter errors)
    {
        var command = parsed.CommandResult.Command;
        var messages = parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal);
        // The first word that is not understood makes the rest of them, and what seems to be missing, of little meaning.
        if (parsed.UnmatchedTokens.Count > 0) messages = messages.Where(m => m.Contains($"'{parsed.UnmatchedTokens[0]}'", StringComparison.Ordinal)).DefaultIfEmpty(parsed.Errors[0].Message).Take(1);
        foreach (var message in messages) await errors.WriteLineAsync(AnswerWriter.Lines(message));
        if (parsed.UnmatchedTokens.Count > 0 && Likely(command, parsed.UnmatchedTokens[0]) is { } meant) await errors.WriteLineAsync($"Did you mean {meant}?");
        var path = string.Join(' ', Path(parsed.CommandResult).Reverse());
        await errors.WriteLineAsync($"See: mgcpsipctl {path}{(path.Length > 0 ? " " : "")}--help");
    }

    /// <summary>The words that lead to a command, from its own to the first.</summary>
    public static IEnumerable<string> Path(CommandResult? command)
    {
        for (; command?.Command is not null and not RootCommand; command = command.Parent as CommandResult) yield return command.Command.Name;
    }

    private static string? Likely(Command command, string word) => command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)
        .Concat(command.Options.Where(o => !o.Hidden).Select(o => o.Name))
        .Select(known => (known, changes: Changes(word, known)))
        .Where(p => p.changes <= MostChanges || p.known.StartsWith(word, StringComparison.Ordinal))
        .OrderBy(p => p.changes).Select(p => p.known).FirstOrDefault();

    // Letters that are put in, left out or others (Levenshtein).
    private static int Changes(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (corner, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                left = Math.Min(Math.Min(row[j], left) + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1));
                (corner, row[j]) = (row[j], left);
            }
        }

        return row[b.Length];
    }
}
