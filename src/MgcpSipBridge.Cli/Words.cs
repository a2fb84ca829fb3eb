using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>Options that take one of a few words.</summary>
internal static class Words
{
    /// <summary>One that means the first of its words when it is left out.</summary>
    public static Option<T> Option<T>(string name, string about, string[] aliases)
        where T : struct, Enum =>
        Complete<T, T>(new Option<T>(name, aliases) { Description = about, CustomParser = result => Parse<T>(result) ?? default });

    /// <summary>One that has none.</summary>
    public static Option<T?> Option<T>(string name, string about)
        where T : struct, Enum =>
        Complete<T?, T>(new Option<T?>(name) { Description = about, CustomParser = Parse<T> });

    private static Option<TValue> Complete<TValue, TWord>(Option<TValue> option)
        where TWord : struct, Enum
    {
        option.HelpName = string.Join('|', All<TWord>());
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. All<TWord>()]);
        return option;
    }

    private static IEnumerable<string> All<T>()
        where T : struct, Enum => Enum.GetNames<T>().Select(n => n.ToLowerInvariant());

    private static T? Parse<T>(System.CommandLine.Parsing.ArgumentResult result)
        where T : struct, Enum
    {
        var text = result.Tokens[0].Value;
        if (All<T>().Contains(text, StringComparer.OrdinalIgnoreCase)) return Enum.Parse<T>(text, ignoreCase: true);
        result.AddError($"\"{text}\" is not one of {string.Join(", ", All<T>())}");
        return null;
    }
}
