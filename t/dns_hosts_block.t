#!/usr/bin/perl

# Tests for dns_hosts block: names of a file are denied, whatever its addresses.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
    dns_hosts    %%TESTDIR%%/bad %%TESTDIR%%/worse block;
    dns_hosts    %%TESTDIR%%/empty block=nodata;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->write_file('hosts', "192.0.2.9 good.test both.test\n");
$t->write_file('bad', <<'EOF');
127.0.0.1 localhost
255.255.255.255 broadcasthost
0.0.0.0 ads.test tracker.test both.test
0.0.0.0 *.wild.test
EOF
$t->write_file('worse', "192.0.2.66 worse.test\n");
$t->write_file('empty', ":: empty.test\n");

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $port = $t->port(8053);

sub data {
    my ($name, $type, %o) = @_;
    my $m = dns_query($port, $name, $type // 'A', %o);

    return $m->{rcode} eq 'NOERROR'
           ? join ' ', map { $_->{data} } @{$m->{answers}} : $m->{rcode};
}

for my $proto (qw/ udp tcp /) {
    for my $type (qw/ A AAAA TXT /) {
        is(data('ads.test', $type, proto => $proto), 'NXDOMAIN',
           "$type, $proto");
    }

    is(data('empty.test', 'A', proto => $proto), '', 'block=nodata');
}

my $m = dns_query($port, 'ADS.test', 'A');

is($m->{rcode}, 'NXDOMAIN', 'in any case');
is($m->{authority}[0]{type}, 'SOA', 'with an SOA');
is($m->{authority}[0]{ttl}, 60, 'so that it may be kept');

is(data('tracker.test'), 'NXDOMAIN', 'another name of the line');
is(data('worse.test'), 'NXDOMAIN', 'another file of the directive');
is(data('a.b.wild.test'), 'NXDOMAIN', 'a wildcard');
is(data('a.ads.test'), '192.0.2.1', 'not below a name');
is(data('66.2.0.192.in-addr.arpa', 'PTR'), '192.0.2.1',
   'its addresses have no names');
is(data('1.0.0.127.in-addr.arpa', 'PTR'), 'localhost', 'none of them');

is(data('localhost'), '127.0.0.1', 'localhost stays');
is(data('good.test'), '192.0.2.9', 'names of other files');
is(data('both.test'), '192.0.2.9', 'go before what is blocked');
is(data('other.test'), '192.0.2.1', 'all else falls through');
is($up->count('ads.test'), 0, 'nobody was asked');

my ($code, $said) = $t->test_config(<<"EOF");
%%TEST_GLOBALS%%
events { }
stream { dns_hosts @{[ $t->testdir() ]}/bad block=drop; }
EOF

like($code ? $said : 'fine',
     qr/"dns_hosts": invalid value "block=drop", it must be "block" or /,
     'invalid value');

$t->plan();
