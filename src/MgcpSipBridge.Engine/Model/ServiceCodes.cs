using System.Collections.Immutable;
using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Engine;

/// <summary>The service codes that the bridge obeys unless others are configured: North America's.</summary>
public static class ServiceCodes
{
    /// <summary>The codes.</summary>
    public static ImmutableArray<ServiceCode> Usual { get; } =
    [
        new(ServiceAction.WithholdNumber, "*67"),
        new(ServiceAction.ShowNumber, "*82"),
        new(ServiceAction.DoNotDisturbOn, "*78"),
        new(ServiceAction.DoNotDisturbOff, "*79"),
        new(ServiceAction.ForwardAlwaysOn, "*72"),
        new(ServiceAction.ForwardAlwaysOff, "*73"),
        new(ServiceAction.ForwardBusyOn, "*90"),
        new(ServiceAction.ForwardBusyOff, "*91"),
        new(ServiceAction.ForwardNoAnswerOn, "*92"),
        new(ServiceAction.ForwardNoAnswerOff, "*93"),
    ];

    /// <summary>Whether a line may dial a code.</summary>
    internal static bool Allows(LineFeatures features, ServiceAction action) => action switch
    {
        ServiceAction.WithholdNumber or ServiceAction.ShowNumber => features.PrivacyCodes,
        ServiceAction.DoNotDisturbOn or ServiceAction.DoNotDisturbOff => features.DoNotDisturbCodes,
        _ => features.ForwardingCodes,
    };
}
