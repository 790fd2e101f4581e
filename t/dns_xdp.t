#!/usr/bin/perl

# Tests for dns_xdp: a name that is asked for often is answered by the kernel,
# with the client's own letters, ID, flags and OPT, and is counted as any other.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;

my $t = own_kernel()->plan(32);

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'metrics status');
dns_cache_zone  zone=c:1m;
dns_xdp         lo entries=100;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       [::1]:%%PORT_8053%% udp;
    dns_cache    c;
    dns_xdp      on;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_cache    c;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { rcode => 'NXDOMAIN', authority => [ [ 'test', 'SOA', 60,
                 'ns.test root.test 1 2 3 4 60' ] ] }
        if $name =~ /^none/i;

    return { a => [ '192.0.2.1', '192.0.2.2' ] } if $name =~ /^two/i;
    return { a => $query->{cd} ? '192.0.2.9' : '192.0.2.1' };
});

$t->run();

my $page = $t->port(8080);

is(attached('lo'), 'ngx_dns_xdp', 'attached');

my $m = hot('wWw.tEst', 'A', id => 4711);

is($m->{rcode}, 'NOERROR', 'a response');
is($m->{id}, 4711, 'its ID');
is($m->{qname_raw}, 'wWw.tEst', 'its letters');
is($m->{answers}[0]{data}, '192.0.2.1', 'its record');
ok($m->{answers}[0]{ttl} > 50, 'its TTL');
ok(!$m->{edns}, 'no OPT');

my $n = answered($page);

$m = ask('www.test', 'A', edns => 1232, rd => 0);
is(answered($page), $n + 1, 'with EDNS');
ok($m->{edns}, 'an OPT');
is($m->{rd}, 0, 'without RD');

$m = ask('www.test', 'A', addr => '::1');
is(answered($page), $n + 2, 'over IPv6');
is($m->{answers}[0]{data}, '192.0.2.1', 'the same record');

$m = hot('www.test', 'A', cd => 1);
is($m->{answers}[0]{data}, '192.0.2.9', 'with CD it is another');

$m = hot('none.test', 'A');
is($m->{rcode}, 'NXDOMAIN', 'no such name');

# addresses take turns

hot('two.test', 'A');

my %first;

for (1 .. 40) {
    my @data = map { $_->{data} } @{ask('two.test', 'A')->{answers}};

    $first{$data[0]}++;
    fail("both are there: @data")
        if join(' ', sort @data) ne '192.0.2.1 192.0.2.2';
}

is(join(' ', sort keys %first), '192.0.2.1 192.0.2.2', 'each is the first');

# what is left to the socket

$n = answered($page);

my $passed = passed($page, 'form');
is(ask('www.test', 'A', class => 'CH')->{rcode}, 'REFUSED', 'another class');
is(ask('www.test', 'A', opcode => 2)->{rcode}, 'NOTIMP', 'another opcode');
is(passed($page, 'form'), $passed + 2, 'passed for their form');

$m = ask('www.test', 'A', edns => { size => 1232, options => [ [ 3, '' ] ] });
is($m->{rcode}, 'NOERROR', 'NSID');
is(passed($page, 'option'), 1, 'passed for its option');

is(answered($page), $n, 'none of these by the kernel');

dns_query($t->port(8054), 'www.test', 'A') for 1 .. 5;
is(answered($page), $n, 'nor those of another server');

$m = ask('www.test', 'A', edns => { size => 1232,
    options => [ [ 10, '12345678' ], [ 12, "\0" x 40 ] ] });
is(answered($page), $n + 1, 'a cookie and padding mean nothing here');
is_deeply($m->{edns}{options}, [], 'and there are none in the response');

# figures

my $metrics = metrics($page);
my $server = '127.0.0.1:' . $t->port(8053);

is(total($metrics, 'nginx_dns_queries_total', qr/server="$server"/),
   total($metrics, 'nginx_dns_responses_total', qr/server="$server"/),
   'all are counted');
is(total($metrics, 'nginx_dns_cache_hits_total', qr/./)
   - total($metrics, 'nginx_dns_responses_total', qr/source="cache"/),
   answered($page), 'as hits, too');
cmp_ok($metrics->{nginx_dns_xdp_entries}, '>=', 3, 'entries');
is($metrics->{nginx_dns_xdp_entries_size}, 128, 'their number');
cmp_ok($metrics->{nginx_dns_xdp_promotions_total}, '>=', 3, 'promotions');
cmp_ok($metrics->{'nginx_dns_xdp_passes_total{reason="miss"}'}, '>', 0,
       'misses');

my $xdp = status($page)->{xdp};

is($xdp->{entries_size}, 128, 'in JSON, too');
is($xdp->{passes}{option}, 1, 'passes');

###############################################################################

sub ask { dns_query($t->port(8053), @_) }

sub hot {
    my @query = @_;

    return until_hot($t, $page, sub { ask(@query) });
}

###############################################################################
