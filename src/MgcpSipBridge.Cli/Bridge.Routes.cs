using System.Globalization;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Routes tried without a call.</content>
internal sealed partial class Bridge
{
    public async Task TestRouteAsync(string number, string from, DateTimeOffset? at, string peer, string caller)
    {
        var found = await Routes.TestRouteAsync(
            new TestRouteRequest { Number = number, From = from, Time = at is { } when ? Timestamp.FromDateTimeOffset(when) : null, Peer = peer, Caller = caller }, cancellationToken: cancel);
        if (writer.IsData)
        {
            writer.One(found);
            return;
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"route      {Or(found.Route)}\n");
        if (peer.Length > 0) text.Append(CultureInfo.InvariantCulture, $"line       {Or(found.Line)}\ncalled     {found.Number}\ncaller     {Or(found.Caller)}\n");
        else text.Append(CultureInfo.InvariantCulture, $"dialling   {Text(found.Dialling)}\nservice    {Or(found.Service)}\n");
        writer.Text(text.ToString());
        if (found.Steps.Count > 0)
        {
            writer.Text("\n");
            writer.Many(found, found.Steps, ["PEER", "STATE", "ROUTE", "CALLER", "URI"], s => [s.Peer, Text(s.Reachability), Or(s.Route), Or(s.Caller), s.Uri]);
        }

        if (found.Candidates.Count == 0) return;
        writer.Text("\n");
        writer.Many(found, found.Candidates, ["CANDIDATE", "VERDICT", "BEGINNING"], c => [c.Route, Text(c.Verdict), Text(c.Beginning)]);
        if (found.NotShown > 0) writer.Text($"and {found.NotShown.ToString(CultureInfo.InvariantCulture)} more\n");
    }
}
