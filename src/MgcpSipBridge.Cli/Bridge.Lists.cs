using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>The lists that can be followed.</content>
internal sealed partial class Bridge
{
    private const string Provisioned = "type = \"resource.*\"";

    /// <summary>The gateways.</summary>
    public async Task GatewaysAsync() => WriteAll(await ListGatewaysAsync(), r => r.Gateways, WatchedGateways());

    /// <summary>The lines of a gateway; <c>-</c> for those of all.</summary>
    public async Task LinesAsync(string gateway) => WriteAll(await ListLinesAsync(gateway), r => r.Lines, WatchedLines(gateway));

    /// <summary>The calls.</summary>
    public async Task CallsAsync() => WriteAll(await ListCallsAsync(), r => r.Calls, WatchedCalls());

    /// <summary>How gateways are followed.</summary>
    public Watched<Gateway> WatchedGateways() => new(
        "gateway",
        ["NAME", "STATE", "ADDRESS", "DOMAIN", "LINES", "PROFILE", "VERSION"],
        g => [g.Name, Text(g.State), Or(g.Address), g.Domain, Text(g.LineCount), Text(g.Profile), g.Version],
        g => g.Name,
        $"type = \"gateway.*\" OR {Provisioned}",
        (happened, _) => Named(happened, "gateways/"),
        async () => (await ListGatewaysAsync()).Gateways,
        async name => await Gateways.GetGatewayAsync(new GetGatewayRequest { Gateway = name }, cancellationToken: cancel));

    /// <summary>How lines are followed.</summary>
    public Watched<Line> WatchedLines(string gateway) => new(
        "line",
        ["NUMBER", "STATE", "SERVICE", "REGISTRATION", "GATEWAY", "ENDPOINT", "PEER", "NAME", "CALL"],
        l => [l.Number, Text(l.State), Text(l.Service), Text(l.RegistrationState), l.Gateway, l.Endpoint, l.Peer, Or(l.DisplayName), Or(l.Call)],
        l => l.Number,
        $"type = \"line.*\" OR type = \"registration.*\" OR {Provisioned}",
        (happened, _) => Named(happened, "lines/"),
        async () => (await ListLinesAsync(gateway)).Lines,
        async number => await Gateways.GetLineAsync(new GetLineRequest { Gateway = gateway, Line = number }, cancellationToken: cancel));

    /// <summary>How calls are followed: what is heard of a line may have changed its call.</summary>
    public Watched<Call> WatchedCalls() => new(
        "call",
        ["ID", "STATE", "DIRECTION", "LINE", "CALLER", "CALLED", "PEER", "SINCE"],
        c => [c.Id, c.EndTime is null ? Text(c.State) : Text(c.Outcome), Text(c.Direction), c.Line, Or(c.Caller), Or(c.Called), Or(c.Peer), Text(c.StartTime)],
        c => c.Id,
        "resource = \"calls/*\" OR type = \"line.state\"",
        (happened, known) => happened.WhatCase == Event.WhatOneofCase.Line ? known.Where(c => c.Line == happened.Line.Line).Select(c => c.Id) : Named(happened, "calls/"),
        async () => (await ListCallsAsync()).Calls,
        async id => await Calls.GetCallAsync(new GetCallRequest { Call = id }, cancellationToken: cancel))
    {
        IsOver = c => c.EndTime is not null,
        Since = c => c.StartTime,
    };

    private static IEnumerable<string> Named(Event happened, string kind) => happened.Resource.StartsWith(kind, StringComparison.Ordinal) ? [happened.Resource[kind.Length..]] : [];

    private void WriteAll<TAnswer, T>(TAnswer answer, Func<TAnswer, IEnumerable<T>> items, Watched<T> watched)
        where TAnswer : Google.Protobuf.IMessage
        where T : class, Google.Protobuf.IMessage<T> => writer.Many(answer, items(answer), watched.Headings, watched.Row);

    private async Task<ListGatewaysResponse> ListGatewaysAsync()
    {
        var all = new ListGatewaysResponse();
        await PagesAsync(async token =>
        {
            var page = await Gateways.ListGatewaysAsync(new ListGatewaysRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Gateways.Add(page.Gateways);
            return page.NextPageToken;
        });
        return all;
    }

    private async Task<ListLinesResponse> ListLinesAsync(string gateway)
    {
        var all = new ListLinesResponse();
        await PagesAsync(async token =>
        {
            var page = await Gateways.ListLinesAsync(new ListLinesRequest { Gateway = gateway, PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Lines.Add(page.Lines);
            return page.NextPageToken;
        });
        return all;
    }

    private async Task<ListCallsResponse> ListCallsAsync()
    {
        var all = new ListCallsResponse();
        await PagesAsync(async token =>
        {
            var page = await Calls.ListCallsAsync(new ListCallsRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Calls.Add(page.Calls);
            return page.NextPageToken;
        });
        return all;
    }
}
