using MgcpSipBridge.Engine;

namespace MgcpSipBridge.Host.Observability;

/// <summary>Warns of emergency numbers that the routes leave out: they are called all the same, but perhaps not where somebody answers.</summary>
internal sealed partial class EmergencyRoutes(ILogger log)
{
    private string? _told;

    /// <summary>Which numbers no route takes; null when there is none, or are no routes at all.</summary>
    public static string? Warning(EngineModel model) => Numbers(model) is { Length: > 0 } numbers
        ? $"no route covers {numbers}: such a call goes to the line's own peer as dialled"
        : null;

    /// <summary>Says so, once for as long as it stays the same.</summary>
    public void Provisioned(EngineModel model)
    {
        var numbers = Numbers(model);
        if (numbers.Length > 0 && numbers != _told) Unrouted(log, numbers);
        _told = numbers;
    }

    private static string Numbers(EngineModel model) => string.Join(", ", (model.Table ?? new RouteTable(model.Routes)).UnroutedEmergencies);

    [LoggerMessage(EventId = 6081, EventName = "EmergencyUnrouted", Level = LogLevel.Warning, Message = "No route covers the emergency numbers {Numbers}: such a call goes to the line's own peer as dialled")]
    private static partial void Unrouted(ILogger logger, string numbers);
}
