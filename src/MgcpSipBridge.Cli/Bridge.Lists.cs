using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>The lists that can be followed.</content>
internal sealed partial class Bridge
{
    private const string Provisioned = "type = \"resource.*\"";

    /// <summary>The gateways.</summary>
    public async Task GatewaysAsync(ListWish wish)
    {
        var pages = await GatewayPagesAsync(wish);
        WriteAll(new ListGatewaysResponse { Gateways = { pages.SelectMany(page => page.Gateways) }, Sequence = pages[0].Sequence }, all => all.Gateways, WatchedGateways());
    }

    /// <summary>The lines of a gateway; <c>-</c> for those of all.</summary>
    public async Task LinesAsync(string gateway, ListWish wish)
    {
        var pages = await LinePagesAsync(gateway, wish);
        WriteAll(new ListLinesResponse { Lines = { pages.SelectMany(page => page.Lines) }, Sequence = pages[0].Sequence }, all => all.Lines, WatchedLines(gateway));
    }

    /// <summary>The calls.</summary>
    public async Task CallsAsync(ListWish wish)
    {
        var pages = await CallPagesAsync(wish);
        WriteAll(new ListCallsResponse { Calls = { pages.SelectMany(page => page.Calls) }, Sequence = pages[0].Sequence }, all => all.Calls, WatchedCalls());
    }

    /// <summary>How gateways are followed.</summary>
    public Watched<Gateway> WatchedGateways() => new(
        "gateway",
        ["NAME", "STATE", "ADDRESS", "DOMAIN", "LINES", "PROFILE", "VERSION"],
        g => [g.Name, Text(g.State), Or(g.Address), g.Domain, Text(g.LineCount), Text(g.Profile), g.Version],
        g => g.Name,
        $"type = \"gateway.*\" OR {Provisioned}",
        happened => Named(happened, "gateways/"),
        async () => (await GatewayPagesAsync(ListWish.All)).Select(page => new Page<Gateway>(page.Gateways, page.Sequence)),
        async name => await Gateways.GetGatewayAsync(new GetGatewayRequest { Gateway = name }, cancellationToken: cancel))
    {
        At = (happened, now, before) =>
        {
            if (now is null) return null;
            var then = now.Clone();
            if (happened.Type is "gateway.up" or "gateway.down") then.State = happened.Type == "gateway.up" ? Gateway.Types.State.Up : Gateway.Types.State.Down;
            else if (before is not null && happened.WhatCase == Event.WhatOneofCase.Gateway) then.State = before.State;
            return then;
        },
    };

    /// <summary>How lines are followed.</summary>
    public Watched<Line> WatchedLines(string gateway) => new(
        "line",
        ["NUMBER", "STATE", "SERVICE", "REGISTRATION", "GATEWAY", "ENDPOINT", "PEER", "NAME", "CALL"],
        l => [l.Number, Text(l.State), Text(l.Service), Text(l.RegistrationState), l.Gateway, l.Endpoint, l.Peer, Or(l.DisplayName), Or(l.Call)],
        l => l.Number,
        $"type = \"line.*\" OR type = \"registration.*\" OR {Provisioned}",
        happened => Named(happened, "lines/"),
        async () => (await LinePagesAsync(gateway, ListWish.All)).Select(page => new Page<Line>(page.Lines, page.Sequence)),
        async number => await Gateways.GetLineAsync(new GetLineRequest { Gateway = gateway, Line = number }, cancellationToken: cancel))
    {
        At = (happened, now, before) =>
        {
            if (now is null) return null;
            var then = now.Clone();
            // What is provisioned anew begins anew.
            if (before is not null && happened.WhatCase != Event.WhatOneofCase.Change) (then.State, then.Service, then.RegistrationState, then.Registered) = (before.State, before.Service, before.RegistrationState, before.Registered);
            if (happened.Type == "line.state") then.State = happened.Line.State;
            else if (happened.Type == "line.service") then.Service = happened.Line.Service;
            else if (happened.Registration is { State: var state }) (then.RegistrationState, then.Registered) = (state, state == RegistrationState.Registered);
            return then;
        },
    };

    /// <summary>How calls are followed: what their lines do is what they do.</summary>
    public Watched<Call> WatchedCalls() => new(
        "call",
        ["ID", "STATE", "DIRECTION", "LINE", "CALLER", "CALLED", "PEER", "SINCE"],
        c => [c.Id, c.EndTime is null ? Text(c.State) : Text(c.Outcome), Text(c.Direction), c.Line, Or(c.Caller), Or(c.Called), Or(c.Peer), Text(c.StartTime)],
        c => c.Id,
        "resource = \"calls/*\" OR type = \"line.state\"",
        happened => happened.Line is { Call: var id } ? id.Length > 0 ? id : null : Named(happened, "calls/"),
        async () => (await CallPagesAsync(ListWish.All)).Select(page => new Page<Call>(page.Calls, page.Sequence)),
        async id => await Calls.GetCallAsync(new GetCallRequest { Call = id }, cancellationToken: cancel))
    {
        IsOver = c => c.EndTime is not null,
        Since = c => c.StartTime,
        End = happened => happened.Call?.Ended,
        At = (happened, now, before) =>
        {
            // That it is over has an event of its own, which is yet to come.
            if (now is null || now.EndTime is not null) now = before;
            if (now is null && happened.Type == "call.started") now = new Call { Id = happened.Call.Call, Line = happened.Call.Line, Direction = happened.Call.Direction, StartTime = happened.Time };
            if (now is null) return null;
            var then = now.Clone();
            if (happened.Line is { } line) then.State = line.State;
            else if (happened.Type == "call.started") then.State = happened.Call.State;
            // One that the bridge itself has answered is no line's, whose state would be told.
            else if (before is not null && !now.Attended) then.State = before.State;
            return then;
        },
    };

    private static string? Named(Event happened, string kind) => happened.Resource.StartsWith(kind, StringComparison.Ordinal) ? happened.Resource[kind.Length..] : null;

    private void WriteAll<TAnswer, T>(TAnswer answer, Func<TAnswer, IEnumerable<T>> items, Watched<T> watched)
        where TAnswer : Google.Protobuf.IMessage
        where T : class, Google.Protobuf.IMessage<T> => writer.Many(answer, items(answer), watched.Headings, watched.Row);

    private Task<List<ListGatewaysResponse>> GatewayPagesAsync(ListWish wish) =>
        PagesAsync(async token => await Gateways.ListGatewaysAsync(new ListGatewaysRequest { PageSize = PageSize, PageToken = token, Filter = wish.Filter, OrderBy = wish.OrderBy }, cancellationToken: cancel), page => page.NextPageToken);

    private Task<List<ListLinesResponse>> LinePagesAsync(string gateway, ListWish wish) =>
        PagesAsync(async token => await Gateways.ListLinesAsync(new ListLinesRequest { Gateway = gateway, PageSize = PageSize, PageToken = token, Filter = wish.Filter, OrderBy = wish.OrderBy }, cancellationToken: cancel), page => page.NextPageToken);

    private Task<List<ListCallsResponse>> CallPagesAsync(ListWish wish) =>
        PagesAsync(async token => await Calls.ListCallsAsync(new ListCallsRequest { PageSize = PageSize, PageToken = token, Filter = wish.Filter, OrderBy = wish.OrderBy }, cancellationToken: cancel), page => page.NextPageToken);

    private static async Task<List<TPage>> PagesAsync<TPage>(Func<string, Task<TPage>> fetch, Func<TPage, string> next)
    {
        var all = new List<TPage>();
        await PagesAsync(async token =>
        {
            all.Add(await fetch(token));
            return next(all[^1]);
        });
        return all;
    }
}
