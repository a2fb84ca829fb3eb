using MgcpSipBridge.Calls;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Dial:ServiceCodes:…</summary>
internal sealed class ServiceCodeSection
{
    [Setting("Before a number: call it without showing ours.")]
    public string WithholdNumber { get; set; } = "*67";

    [Setting("Before a number: call it and show ours, whatever withholdNumber says.")]
    public string ShowNumber { get; set; } = "*82";

    [Setting("No more calls.")]
    public string DoNotDisturbOn { get; set; } = "*78";

    [Setting("Calls again.")]
    public string DoNotDisturbOff { get; set; } = "*79";

    [Setting("Before a number: all calls go there.")]
    public string ForwardAlwaysOn { get; set; } = "*72";

    [Setting("They ring here again.")]
    public string ForwardAlwaysOff { get; set; } = "*73";

    [Setting("Before a number: calls go there while the line is busy.")]
    public string ForwardBusyOn { get; set; } = "*90";

    [Setting("They are refused again.")]
    public string ForwardBusyOff { get; set; } = "*91";

    [Setting("Before a number: calls that nobody answers go there.")]
    public string ForwardNoAnswerOn { get; set; } = "*92";

    [Setting("They ring on again.")]
    public string ForwardNoAnswerOff { get; set; } = "*93";

    /// <summary>The codes as they are written, empty ones too.</summary>
    public IEnumerable<(ServiceAction Action, string Text)> All =>
    [
        (ServiceAction.WithholdNumber, WithholdNumber), (ServiceAction.ShowNumber, ShowNumber),
        (ServiceAction.DoNotDisturbOn, DoNotDisturbOn), (ServiceAction.DoNotDisturbOff, DoNotDisturbOff),
        (ServiceAction.ForwardAlwaysOn, ForwardAlwaysOn), (ServiceAction.ForwardAlwaysOff, ForwardAlwaysOff),
        (ServiceAction.ForwardBusyOn, ForwardBusyOn), (ServiceAction.ForwardBusyOff, ForwardBusyOff),
        (ServiceAction.ForwardNoAnswerOn, ForwardNoAnswerOn), (ServiceAction.ForwardNoAnswerOff, ForwardNoAnswerOff),
    ];
}
