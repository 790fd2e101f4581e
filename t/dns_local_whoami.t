#!/usr/bin/perl

# Tests for dns_local whoami=: a name that tells clients who they are.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

my $v6 = eval { $t->port(8054); IO::Socket::IP->new(
    LocalHost => '::1', Proto => 'udp') } ? 1 : 0;
my $listen = $v6 ? 'listen [::1]:%%PORT_8053%% udp;' : '';

$t->write_stream(<<"EOF_CONF");
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    $listen
    dns_local    whoami=Who.Am.I.example localhost;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $port = $t->port(8053);
my $name = 'who.am.i.example';

sub data {
    my ($name, $type, %o) = @_;
    my $m = dns_query($port, $name, $type, %o);

    return $m->{rcode} eq 'NOERROR'
           ? join ' ', map { $_->{data} } @{$m->{answers}} : $m->{rcode};
}

for ([ 'udp', proto => 'udp' ], [ 'tcp', proto => 'tcp' ]) {
    my ($proto, %o) = @$_;

    is(data($name, 'A', %o), '127.0.0.1', "$proto, A");
    is(data($name, 'AAAA', %o), '', 'AAAA: no data');
    like(data($name, 'TXT', %o), qr/^"?127\.0\.0\.1 \d+ $proto"?$/, 'TXT');
    is(data($name, 'MX', %o), '', 'other types: no data');
}

like(data($name, 'TXT', from => '127.0.0.9'), qr/^"?127\.0\.0\.9 /,
     'another client');
is(data(uc $name, 'A'), '127.0.0.1', 'upper case');
is(dns_query($port, $name, 'A')->{answers}[0]{ttl}, 0, 'not to be kept');
is(data("a.$name", 'A'), '192.0.2.1', 'not below');
is(data('am.i.example', 'A'), '192.0.2.1', 'nor above');
is(data('localhost', 'A'), '127.0.0.1', 'with localhost');

SKIP: {
    skip 'no IPv6', 3 unless $v6;

    is(data($name, 'AAAA', addr => '::1'), '::1', 'AAAA over IPv6');
    is(data($name, 'A', addr => '::1'), '', 'A: no data');
    like(data($name, 'TXT', addr => '::1'), qr/^"?::1 \d+ udp"?$/, 'TXT');
}

for my $bad ('', '.', 'a..b', 'x' x 64) {
    my ($code, $said) = $t->test_config(<<"EOF");
%%TEST_GLOBALS%%
events { }
stream { dns_local "whoami=$bad"; }
EOF

    like($code ? $said : 'fine',
         qr/"dns_local": invalid value "whoami=\Q$bad\E", it must be/,
         "whoami=$bad");
}

$t->plan();
