#!/usr/bin/perl

# Tests for a negative response whose fallback fails: clients get it if there is
# nothing better, but it takes no answer's place in the cache.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(17);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone        zone=c:1m;
dns_cache             c;
dns_upstream_timeout  300ms;

log_format  f  '$dns_qname $dns_rcode $dns_upstream';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream first {
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    health_check  off;
}

dns_upstream second {
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  off;
}

server {
    listen  127.0.0.1:%%PORT_8053%% udp;
    listen  127.0.0.1:%%PORT_8053%%;

    dns_zone stale.test {
        dns_pass         first fallback=second on=nxdomain;
        dns_cache_stale  1h;
    }

    dns_zone fresh.test {
        dns_pass                first fallback=second on=nxdomain;
        dns_cache_prefetch      90 hits=1;
        dns_cache_nxdomain_cut  on;
    }
}
EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    my ($zone) = $query->{qname} =~ /(\w+\.test)$/;

    return { rcode => 'NXDOMAIN', authority => [
        [ $zone, 'SOA', 600, "ns.test hm.test 1 1 1 1 600" ] ] };
});

my $second = $t->upstream(8082, sub {
    my ($query, $state) = @_;
    my $how = $state->{how} // '';

    return () if $how eq 'silent';
    return { rcode => 'SERVFAIL' } if $how;
    return { a => '192.0.2.2', ttl => $query->{qname} =~ /fresh/ ? 10 : 1 };
});

$t->run();

my $port = $t->port(8053);

sub result {
    my $r = dns_query($port, $_[0], 'A') or return 'nothing';

    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

for my $how (qw/ servfail silent /) {
    $second->set(how => '');

    is(result("a.$how.stale.test"), '192.0.2.2', 'of the fallback');
    is(result("a.$how.fresh.test"), '192.0.2.2', 'of the fallback');

    sleep 2.2;
    $second->set(how => $how);

    is(result("a.$how.stale.test"), '192.0.2.2',
       "$how: a stale answer is better than NXDOMAIN");
    is(result("a.$how.fresh.test"), '192.0.2.2', 'a hit, and a prefetch');
    is(result("b.$how.stale.test"), 'NXDOMAIN', 'else NXDOMAIN is told');

    sleep 0.4 if $how eq 'silent';
    is(result("a.$how.fresh.test"), '192.0.2.2', 'the prefetch has failed');

    $second->set(how => '');
    is(result("b.$how.stale.test"), '192.0.2.2', 'but not stored');
    is(result("b.a.$how.fresh.test"), '192.0.2.2', 'nor is there a cut');
}

like($t->read_file('dns.log'), qr/^b\.servfail\.stale\.test NXDOMAIN first$/m,
     'log: whose response it was');
