using System.Net;
using MgcpSipBridge.Host.Net.Tls;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Which domains a certificate names (RFC 5922 §7.1, §7.2).</summary>
public sealed class SipIdentitiesTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("example.com", "example.com", true)]
    [InlineData("Example.COM", "example.com", true)]
    [InlineData("foo.example.com", "example.com", false)]
    [InlineData("example.com", "foo.example.com", false)]
    [InlineData("*.example.com", "foo.example.com", false)]
    public void Domain_names_match_in_their_entirety(string name, string host, bool matches)
    {
        using var certificate = _authority.Issue(name);
        Assert.Equal(matches, SipIdentities.Names(certificate, host, wildcards: false));
    }

    [Theory]
    [InlineData("*.example.com", "foo.example.com", true)]
    [InlineData("*.example.com", "a.foo.example.com", false)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.com", "example.com", false)]
    [InlineData("f*.example.com", "foo.example.com", false)]
    public void A_wildcard_stands_for_one_label_where_it_is_allowed(string name, string host, bool matches)
    {
        using var certificate = _authority.Issue(name);
        Assert.Equal(matches, SipIdentities.Names(certificate, host, wildcards: true));
    }

    [Fact]
    public void Dns_names_count_only_without_a_sip_identity()
    {
        using var both = _authority.Issue(names =>
        {
            names.AddDnsName("web.example.com");
            names.AddUri(new Uri("sip:example.com"));
        });
        Assert.True(SipIdentities.Names(both, "example.com", false));
        Assert.False(SipIdentities.Names(both, "web.example.com", false));
        using var other = _authority.Issue(names =>
        {
            names.AddDnsName("web.example.com");
            names.AddUri(new Uri("https://example.com"));
            names.AddEmailAddress("a@example.com");
        });
        Assert.True(SipIdentities.Names(other, "web.example.com", false));
        Assert.False(SipIdentities.Names(other, "example.com", false));
    }

    [Theory]
    [InlineData("sip:alice@example.com")]
    [InlineData("sips:example.com")]
    [InlineData("im:example.com")]
    public void A_user_or_another_scheme_is_no_domain(string uri)
    {
        using var certificate = _authority.Issue(names => names.AddUri(new Uri(uri)), "example.com");
        Assert.False(SipIdentities.Names(certificate, "example.com", false));
    }

    [Fact]
    public void The_common_name_counts_only_without_alternative_names()
    {
        using var old = _authority.Issue(null, "example.com");
        Assert.True(SipIdentities.Names(old, "example.com", false));
        using var modern = _authority.Issue(names => names.AddDnsName("other.example.com"), "example.com");
        Assert.False(SipIdentities.Names(modern, "example.com", false));
    }

    [Fact]
    public void A_literal_is_named_by_an_address()
    {
        using var certificate = _authority.IssueFor(IPAddress.Parse("2001:db8::1"));
        Assert.True(SipIdentities.Names(certificate, "[2001:db8::1]", false));
        Assert.False(SipIdentities.Names(certificate, "[2001:db8::2]", false));
        using var byName = _authority.Issue("127.0.0.1");
        Assert.False(SipIdentities.Names(byName, "127.0.0.1", false));
    }
}
