#!/usr/bin/perl

# Tests for nginx_dns_limited_total: counts belong to a dns_limit_zone by its
# name, whatever that is, over reloads, and are in JSON, too.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(9);

my $long = 'z' x 200;
my $odd = 'a"b\\c';

my $conf = <<'EOF_CONF';
ZONES
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_cookie  on;

    dns_zone  one { dns_return nodata; dns_limit zone=one dry_run; }
    dns_zone  long { dns_return nodata; dns_limit zone=LONG dry_run; }
    dns_zone  odd { dns_return nodata; dns_limit 'zone=a"b\\c' dry_run; }
    dns_zone  . { dns_return nxdomain; }
}
EOF_CONF

sub configure {
    my $zones = join "\n", map { my $text = s/LONG/$long/r;
        "dns_limit_zone  client 'zone=$text:64k' rate=1r/m;" } @_;

    $t->write_stream($conf =~ s/ZONES/$zones/r =~ s/LONG/$long/r,
                     pages => 'metrics status');
}

my @zones = ('one', 'LONG', 'a"b\\\\c');

configure(@zones);

$t->run();

my ($dns, $http) = ($t->port(8053), $t->port(8080));

# the first of each is within its limit

for ([ one => 2 ], [ long => 3 ], [ odd => 4 ]) {
    my ($zone, $n) = @$_;

    dns_query($dns, $zone, 'A') for 1 .. $n;
}

my %want = (one => 1, $long => 2, $odd => 3);

sub counted {
    my %n;

    for (http($http, '/metrics')->{body}
         =~ /^nginx_dns_limited_total\{(.*)\} \d+$/mg)
    {
        my ($zone) = /^server="[^"]+",zone="(.*)",action="dry_run"$/;
        my ($n) = http($http, '/metrics')->{body}
                  =~ /^nginx_dns_limited_total\{\Q$_\E\} (\d+)$/m;

        $n{($zone // '') =~ s/\\(.)/$1/gr} = $n;
    }

    return \%n;
}

is_deeply(counted(), \%want, 'each by its name');

my @bad = grep { !/^#/ && !/^\w+(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? \S+$/ }
    split /\n/, http($http, '/metrics')->{body};

is("@bad", '', 'the page is well-formed');

is_deeply(status($http)->{servers}[0]{limited},
          { map { ($_ => { dry_run => $want{$_} }) } keys %want }, 'JSON');

# another order, and one more in front

configure('new', reverse @zones);
ok($t->reload(), 'reload');
is_deeply(counted(), \%want, 'they stay with their zones');

configure(@zones[2, 0, 1]);
ok($t->reload(), 'another one');
is_deeply(counted(), \%want, 'still');

# cookies

dns_query($dns, 'a.test', 'A', edns => { options => [ [ 10, 'x' x 8 ] ] })
    for 1 .. 2;

is_deeply(status($http)->{servers}[0]{cookies},
          { new => 2, valid => 0, invalid => 0 }, 'cookies');
is(total(metrics($http), 'nginx_dns_cookies_total', qr/cookie="new"/), 2,
   'the same');
