using Grpc.Core;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>What happens, and what is wrong.</content>
internal sealed partial class Bridge
{
    /// <summary>Events as they come: a line each, a line of JSON each, or a document of YAML each; until interrupted, or so many.</summary>
    public async Task TailAsync(string filter, string since, int most)
    {
        using var events = new EventStream(invoker, new Persistence(writer.Remark, writer.Remark, cancel), filter, since, cancel);
        var shown = 0;
        try
        {
            while (await events.MoveNext(cancel))
            {
                var happened = events.Current;
                if (happened.Type == "stream.heartbeat" || ReferenceEquals(happened, EventStream.Gap)) continue;
                if (writer.IsData) writer.Next(happened);
                else writer.Text($"{Text(happened.Time)}  {happened.Type,-20}  {Or(happened.Resource),-24}  {Detail(happened)}".TrimEnd() + "\n");
                if (++shown == most) return;
            }
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is RpcException or OperationCanceledException)
        {
            // Interrupted: that is how one stops looking.
        }
    }

    /// <summary>What is wrong at the moment.</summary>
    public async Task AlarmsAsync()
    {
        var all = await new EventService.EventServiceClient(invoker).ListAlarmsAsync(new ListAlarmsRequest(), cancellationToken: cancel);
        writer.Many(all, all.Alarms, ["SINCE", "SEVERITY", "ALARM", "RESOURCE", "WHY"], a => [Text(a.Since), Text(a.Severity), a.Name, Or(a.Resource), Or(a.Detail)]);
    }

    private static string Detail(Event happened) => happened.WhatCase switch
    {
        Event.WhatOneofCase.Gateway => happened.Gateway.Detail,
        Event.WhatOneofCase.Line => happened.Type == "line.state" ? $"{Text(happened.Line.FromState)} -> {Text(happened.Line.State)}" : Text(happened.Line.Service),
        Event.WhatOneofCase.Registration => $"{Text(happened.Registration.State)} at {happened.Registration.Peer}{(happened.Registration.SipStatus == 0 ? "" : $" ({Text(happened.Registration.SipStatus)})")}",
        Event.WhatOneofCase.Call => Detail(happened.Call),
        Event.WhatOneofCase.Alarm => $"{happened.Alarm.Name} {happened.Alarm.Detail}",
        Event.WhatOneofCase.Missed => $"{happened.Missed.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)} events were missed",
        Event.WhatOneofCase.Change => "by " + happened.Change.Principal,
        _ => "",
    };

    private static string Detail(CallEvent call) =>
        call.Ended is { } ended ? $"{ended.Caller} -> {Or(ended.Called)} {Text(ended.Outcome)} SIP {Text(call.SipStatus)} MGCP {Text(call.MgcpCode)} Q.850 {Text(call.Q850Cause)}"
        : call.Audio.Length > 0 ? call.Audio
        : call.Feature.Length > 0 ? call.Feature
        : call.SipStatus != 0 ? "SIP " + Text(call.SipStatus)
        : call.Delay is { } delay ? $"after {delay.ToTimeSpan().TotalSeconds.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)} s"
        : call.Line.Length > 0 ? $"line {call.Line} {Text(call.Direction)}" : "";
}
