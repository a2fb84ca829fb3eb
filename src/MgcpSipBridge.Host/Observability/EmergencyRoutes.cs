using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Warns of what may keep a call for help from whoever sends it: no numbers that count as such, numbers that the routes leave out, and lines that have one.</summary>
internal sealed partial class EmergencyRoutes(ILogger log)
{
    private const int MostLines = 5;
    private (string Unrouted, string Lines, bool None) _told;

    /// <summary>All there is to be said, a sentence each.</summary>
    public static IEnumerable<string> Warnings(EngineModel model)
    {
        if (model.EmergencyNumbers.Count == 0) yield return "Dial:EmergencyNumbers is empty: no call is taken for an emergency call, whatever is dialled";
        if (Numbers(model) is { Length: > 0 } numbers) yield return $"no route covers {numbers}: such a call goes to the line's own peer as dialled";
        if (Lines(model) is { Length: > 0 } lines) yield return $"{lines}: the number is an emergency number (Dial:EmergencyNumbers), so whoever dials it calls for help, and not that line";
    }

    /// <summary>Says so, each once for as long as it stays the same.</summary>
    public void Provisioned(EngineModel model)
    {
        var now = (Unrouted: Numbers(model), Lines: Lines(model), None: model.EmergencyNumbers.Count == 0);
        if (now.None && !_told.None) NoNumbers(log);
        if (now.Unrouted.Length > 0 && now.Unrouted != _told.Unrouted) Unrouted(log, now.Unrouted);
        if (now.Lines.Length > 0 && now.Lines != _told.Lines) OnLines(log, now.Lines);
        _told = now;
    }

    private static string Numbers(EngineModel model) => string.Join(", ", model.Ready.UnroutedEmergencies);

    private static string Lines(EngineModel model)
    {
        var lines = model.Lines.Where(line => model.EmergencyNumbers.Contains(line.Number)).OrderBy(line => line.Number, StringComparer.Ordinal).ToList();
        if (lines.Count == 0) return "";
        return string.Join(", ", lines.Take(MostLines).Select(line => $"line {line.Number} ({line.Gateway}/{line.Endpoint})")) + (lines.Count > MostLines ? $" and {lines.Count - MostLines} more" : "");
    }

    [LoggerMessage(EventId = 6081, EventName = "EmergencyUnrouted", Level = LogLevel.Warning, Message = "No route covers the emergency numbers {Numbers}: such a call goes to the line's own peer as dialled")]
    private static partial void Unrouted(ILogger logger, string numbers);

    [LoggerMessage(EventId = 6082, EventName = "EmergencyNumbersNone", Level = LogLevel.Warning, Message = "Dial:EmergencyNumbers is empty: no call is taken for an emergency call, whatever is dialled")]
    private static partial void NoNumbers(ILogger logger);

    [LoggerMessage(EventId = 6083, EventName = "EmergencyNumberOfLine", Level = LogLevel.Warning, Message = "{Lines}: the number is an emergency number (Dial:EmergencyNumbers), so whoever dials it calls for help, and not that line")]
    private static partial void OnLines(ILogger logger, string lines);
}
