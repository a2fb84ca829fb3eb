using MgcpSipBridge.Host.Api;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Lists with a filter and an order of one's own, page by page.</summary>
public sealed class ListingTests
{
    private static readonly Route[] Routes =
        [.. Enumerable.Range(0, 25).Select(i => new Route { Name = $"r{i:d2}", Peer = i % 3 == 0 ? "a" : "b", Priority = i % 4 - 2, Prefix = i % 2 == 0 ? "1" : "" })];

    [Theory]
    [InlineData("", "", "r00 r01 r02 r03", 25)]
    [InlineData("peer = a", "", "r00 r03 r06 r09", 9)]
    [InlineData("", "name desc", "r24 r23 r22 r21", 25)]
    [InlineData("", "priority, name desc", "r24 r20 r16 r12", 25)]
    [InlineData("", "priority desc", "r03 r07 r11 r15", 25)]
    [InlineData("peer = a AND prefix:*", "priority desc, name", "r06 r18 r00 r12", 5)]
    [InlineData("peer = c", "name", "", 0)]
    public void Pages_follow_one_another_without_a_gap(string filter, string order, string first, int all)
    {
        var (names, token) = (new List<string>(), "");
        do
        {
            var (page, next) = Listing.Page(Routes, r => r.Name, r => r, new ListQuery(4, token, filter, order));
            if (names.Count == 0) Assert.Equal(first, string.Join(' ', page.Select(r => r.Name)));
            names.AddRange(page.Select(r => r.Name));
            token = next;
        }
        while (token.Length > 0);
        Assert.Equal(all, names.Count);
        Assert.Equal(all, names.Distinct().Count());
    }

    [Fact]
    public void What_comes_and_goes_between_pages_neither_repeats_nor_hides_the_others()
    {
        var routes = Routes.ToList();
        var query = new ListQuery(10, "", "", "priority desc");
        var (first, token) = Listing.Page(routes, r => r.Name, r => r, query);
        routes.Remove(first[^1]);
        routes.Add(new Route { Name = "new", Priority = 9 });
        var (second, _) = Listing.Page(routes, r => r.Name, r => r, query with { Token = token, Size = 1000 });
        Assert.Equal(25, first.Concat(second).Select(r => r.Name).Distinct().Count());
        Assert.DoesNotContain(second, r => r.Name == "new");
    }

    [Fact]
    public void A_token_is_of_one_filter_and_order()
    {
        var (_, token) = Listing.Page(Routes, r => r.Name, r => r, new ListQuery(4, "", "peer = a", "name"));
        foreach (var query in (ListQuery[])[new(4, token, "peer = b", "name"), new(4, token, "peer = a", "name desc"), new(4, token, "", ""), new(4, "~x", "peer = a", "name"), new(4, "x", "peer = a", "name")])
            Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, Assert.Throws<Grpc.Core.RpcException>(() => Listing.Page(Routes, r => r.Name, r => r, query)).StatusCode);
    }

    [Fact]
    public void A_token_is_of_one_list_and_parent()
    {
        var lines = Enumerable.Range(0, 9).Select(i => new Line { Number = $"{1000 + i}" }).ToList();
        var query = new ListQuery(4, "", "", "", "gw1");
        var (_, token) = Listing.Page(lines, line => line.Number, line => line, query);
        Assert.Equal("1004", Listing.Page(lines, line => line.Number, line => line, query with { Token = token }).Page[0].Number);
        foreach (var other in (ListQuery[])[query with { Parent = "gw2" }, query with { Parent = "-" }, query with { Parent = "" }, query with { Filter = "number = *" }, query with { OrderBy = "number" }])
            Assert.Equal("INVALID_PAGE_TOKEN", ReasonOf(() => (object)Listing.Page(lines, line => line.Number, line => line, other with { Token = token })));
        Assert.Equal("INVALID_PAGE_TOKEN", ReasonOf(() => Listing.Page(Routes, route => route.Name, route => route, query with { Token = token })));
        // Of another size it goes on.
        Assert.Equal(5, Listing.Page(lines, line => line.Number, line => line, query with { Token = token, Size = 100 }).Page.Count);
    }

    [Theory]
    [InlineData("cTE")]
    [InlineData("xxxxxxxx")]
    [InlineData("~W10")]
    [InlineData("WyIxMDA0Il0")]
    [InlineData("AAAAAAAAAAAAAAAAWyIxMDA0Il0")]
    public void A_token_that_somebody_made_up_is_refused(string token) =>
        Assert.Equal("INVALID_PAGE_TOKEN", ReasonOf(() => Listing.Page(Routes, r => r.Name, r => r, new ListQuery(4, token, "", ""))));

    [Theory]
    [InlineData("nme", "there is no field \"nme\"; did you mean name?")]
    [InlineData("name down", "\"name down\" is not a field, or a field and desc")]
    [InlineData("failover", "failover has no order")]
    [InlineData("name,,peer", "is not a field")]
    [InlineData("name, peer, priority, prefix, source", "more than 4")]
    public void An_order_that_cannot_be_is_said(string order, string why) =>
        Assert.Contains(why, Assert.Throws<Grpc.Core.RpcException>(() => Listing.Page(Routes, r => r.Name, r => r, new ListQuery(4, "", "", order))).Status.Detail, StringComparison.Ordinal);

    private static string ReasonOf(Func<object?> act) =>
        Google.Rpc.Status.Parser.ParseFrom(Assert.Throws<Grpc.Core.RpcException>(() => act()).Trailers.GetValueBytes("grpc-status-details-bin")).Details[0].Unpack<Google.Rpc.ErrorInfo>().Reason;
}
