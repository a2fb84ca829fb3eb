using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Engine;

/// <summary>A gateway as the API shows it.</summary>
/// <param name="Model">What is provisioned.</param>
/// <param name="Status">What is known of it now.</param>
/// <param name="Services">Its lines by whether they serve.</param>
public sealed record GatewayView(GatewayModel Model, GatewayStatus Status, ServiceCounts Services)
{
    /// <summary>What it said it has when it was adopted; null for one that was provisioned.</summary>
    public GatewayProposal? Proposal { get; init; }
}

/// <summary>Whether a line's endpoint serves: as its gateway said, or as was found out.</summary>
public enum LineService
{
    /// <summary>Not known yet: its gateway has not spoken, or the endpoint has not been audited.</summary>
    Unknown,

    /// <summary>It serves.</summary>
    InService,

    /// <summary>It goes out of service when its calls are over (RSIP graceful): no new calls.</summary>
    Draining,

    /// <summary>Its gateway said that it is out of service, or it is being audited after a restart.</summary>
    Restarting,

    /// <summary>Its gateway stopped answering.</summary>
    Silent,

    /// <summary>Its gateway does not know the endpoint or cannot serve it (500, 501, 502, 529): most often a misspelt name.</summary>
    Refused,
}

/// <summary>How many lines of a gateway are in each <see cref="LineService"/>.</summary>
public readonly record struct ServiceCounts(int Unknown, int InService, int Draining, int Restarting, int Silent, int Refused)
{
    /// <summary>All lines.</summary>
    public int Lines => Unknown + InService + Draining + Restarting + Silent + Refused;

    /// <summary>One line more of a kind.</summary>
    public ServiceCounts With(LineService service) => service switch
    {
        LineService.InService => this with { InService = InService + 1 },
        LineService.Draining => this with { Draining = Draining + 1 },
        LineService.Restarting => this with { Restarting = Restarting + 1 },
        LineService.Silent => this with { Silent = Silent + 1 },
        LineService.Refused => this with { Refused = Refused + 1 },
        _ => this with { Unknown = Unknown + 1 },
    };
}

/// <summary>An unknown gateway as the API shows it.</summary>
/// <param name="Gateway">What was heard of it.</param>
/// <param name="Proposal">What it answered when it was asked what it has; null when it was not asked, or has not answered yet.</param>
public sealed record DiscoveredView(DiscoveredGateway Gateway, GatewayProposal? Proposal);
